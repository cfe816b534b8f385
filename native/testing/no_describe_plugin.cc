// A shared library that is no plugin.
extern "C" __attribute__((visibility("default"))) int busbar_not_a_plugin(void) { return 0; }
