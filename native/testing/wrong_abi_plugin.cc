// A plugin of the future, to be refused.
#include "busbar_service.h"

extern "C" const busbar_service* busbar_describe(void) {
  static const busbar_service service = [] {
    busbar_service s{};
    s.size = sizeof s;
    s.abi = BUSBAR_SERVICE_ABI + 41;
    s.name = "wrong_abi";
    s.version = "0.0.1";
    return s;
  }();
  return &service;
}
