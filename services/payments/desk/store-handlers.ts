import { BusError, type Client, type Handlers } from "#bus";
import type { Payments, PaymentsStore } from "#generated/payments";
import { corrupt, type Store } from "../store/store.ts";

const LIST_MAX = 1000;

export function storeHandlers(core: Client<typeof Payments>, store: () => Store): Handlers<typeof PaymentsStore> {
  return {
    async saveCheckpoint({ simId, label }, { signal }) {
      const { bytes, tick, configHash, stateHash, version } = await core.snapshot({ simId }, { signal });
      return store().saveCheckpoint({ simId, label: label ?? "", tick, configHash, stateHash, version, bytes });
    },
    async loadCheckpoint({ id }, { signal }) {
      const { state, stateHash, configHash } = store().loadCheckpoint(id);
      const restored = await core.restore({ bytes: state }, { signal });
      if (restored.stateHash === stateHash && restored.configHash === configHash) return restored;
      await core.delete({ simId: restored.simId });
      throw corrupt(
        `checkpoint ${id} was stored with state ${stateHash.toString(16)} and config ${configHash.toString(16)}, restored are ${restored.stateHash.toString(16)} and ${restored.configHash.toString(16)}`,
      );
    },
    listCheckpoints({ simId, limit, offset }) {
      if (limit > LIST_MAX)
        throw new BusError("payments/limit-exceeded", { details: { path: "limit", value: limit, limit: LIST_MAX } });
      return store().listCheckpoints({ simId, limit, offset });
    },
    deleteCheckpoint: ({ id }) => ({ deleted: store().deleteCheckpoint(id) }),
  };
}
