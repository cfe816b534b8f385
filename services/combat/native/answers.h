// One function per method; each answers its request or fails it.
#pragma once

#include "instance.h"

namespace busbar::combat {

void answer_resolve(Answer& answer);
void answer_resolve_batch(Answer& answer);
void answer_resolve_stream(Answer& answer);

}  // namespace busbar::combat
