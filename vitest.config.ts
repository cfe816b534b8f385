import { defineConfig } from "vitest/config";

const config: ReturnType<typeof defineConfig> = defineConfig({
  resolve: { conditions: ["busbar-source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["busbar-source", "node", "import", "default"] } },
  test: {
    include: ["bus/**/*.test.ts", "services/**/*.test.ts", "examples/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/support/seed.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
export default config;
