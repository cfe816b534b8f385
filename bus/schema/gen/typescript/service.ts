import { requestIdOf } from "#wire";
import { lowerFirst } from "../../codec/names.ts";
import type { SchemaService } from "../../model.ts";
import { type Scope, typeNameOf } from "./scope.ts";
import { docs } from "./types.ts";

/** The `ServiceType` constant of one rpc_service. */
export function serviceCode(scope: Scope, service: SchemaService): string {
  scope.contract.add("ServiceType").add("MethodType");
  const types = service.calls.map((call) => {
    const forms = [call.request, call.response].flatMap((name) => [scope.type(name), scope.type(name, "Init")]);
    return `${docs(call.documentation, "  ")}  readonly ${lowerFirst(call.name)}: MethodType<${forms.join(", ")}, ${call.streaming}>;\n`;
  });
  const values = service.calls.map((call) => {
    const id = requestIdOf(service.name, call.name);
    const request = scope.call("", call.request);
    const response = scope.call("", call.response);
    return `    ${lowerFirst(call.name)}: { name: "${call.name}", requestId: ${id}, request: ${request}, response: ${response}, streaming: ${call.streaming} },\n`;
  });
  const name = typeNameOf(service.name);
  return `${docs(service.documentation)}export const ${name}: ServiceType<{\n${types.join("")}}> = {\n  name: "${service.name}",\n  methods: {\n${values.join("")}  },\n};\n`;
}
