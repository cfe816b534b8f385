// One function per method; each answers its request or fails it.
#pragma once

#include "instance.h"

namespace busbar::ecs {

void answer_version(Answer& answer);
void answer_define_component(Answer& answer);
void answer_define_archetype(Answer& answer);
void answer_describe(Answer& answer);
void answer_create(Answer& answer);
void answer_update(Answer& answer);
void answer_delete(Answer& answer);
void answer_get(Answer& answer);
void answer_query(Answer& answer);
void answer_scan(Answer& answer);
void answer_subscribe(Answer& answer);
void answer_acknowledge(Answer& answer);
void answer_unsubscribe(Answer& answer);
void answer_run_system(Answer& answer);
void answer_snapshot(Answer& answer);
void answer_restore(Answer& answer);
void answer_stats(Answer& answer);

/// What is published to the service. @returns BUSBAR_ERROR for a payload that is none
busbar_status follow_turn_start(Instance& self, const busbar_message& message);
busbar_status follow_turn_end(Instance& self, const busbar_message& message);
busbar_status follow_combat(Instance& self, const busbar_message& message);

}  // namespace busbar::ecs
