// The plugin behind a host that keeps every answer, and what is asked of it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "errors.h"
#include "payments_generated.h"
#include "testing/fake_host.h"
#include "testing/scenes.h"

namespace busbar::payments::testing {

using busbar::testing::FakeHost;
using busbar::testing::PluginClient;

inline Scene small_scene() {
  Scene scene = banks(4, 20'000, arrivals(2, 100, 9'000, 3, 9));
  scene.ticks_per_day = 20;
  scene.days = 2;
  return scene;
}

class Plugin : public ::testing::Test {
 protected:
  uint32_t make(const std::string& config, bool keep = true) {
    const auto text = builder.CreateString(config);
    const auto* reply =
        client.ask<::payments::NewReply>(rpc::payments::Payments::New, builder, ::payments::CreateNewRequest(builder, text, 0, false, keep, keep));
    EXPECT_NE(reply, nullptr) << host.text;
    return reply == nullptr ? 0 : reply->sim_id();
  }
  std::string tick(uint32_t sim, uint32_t count) {
    const auto* reply = client.ask<::payments::TickReply>(rpc::payments::Payments::Tick, builder, ::payments::CreateTickRequest(builder, sim, count));
    return reply == nullptr ? host.text : reply->run_hash()->str();
  }
  template <class Reply>
  const Reply* ask_sim(const rpc::Method& method, uint32_t sim) {
    return client.ask<Reply>(method, builder, ::payments::CreateSimRequest(builder, sim));
  }
  /// All events of a simulation in order, page by page; those of a page are valid until `visit` returns.
  template <class Visit>
  void each_event(uint32_t sim, Visit visit) {
    uint64_t next = 0;
    for (bool end = false; !end;) {
      ::payments::GetEventsRequestBuilder request(builder);
      request.add_sim_id(sim);
      request.add_from_seq(next);
      const auto* page = client.ask<::payments::EventsReply>(rpc::payments::Payments::GetEvents, builder, request.Finish());
      ASSERT_NE(page, nullptr) << host.text;
      for (const auto* event : *page->events()) {
        visit(*event);
        if (::testing::Test::HasFailure()) return;
      }
      end = page->end();
      next = page->next_seq();
    }
  }

  FakeHost host;
  PluginClient client{host};
  flatbuffers::FlatBufferBuilder builder;
};

}  // namespace busbar::payments::testing
