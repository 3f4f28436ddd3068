#pragma once
// The event that a test or a preview is made with.

#include <boost/json.hpp>
#include <initializer_list>
#include <string_view>

#include "api/call.hpp"
#include "model/event.hpp"

namespace limehook::api {

// Reads {"event": type, `own`: the caller's own event} from `body`, which is `call`'s: the own event, or the type's
// sample where there is none. The body may have the members `others` besides. Throws Fault.
EventDraft sample_event(const Call& call, const boost::json::object& body, std::string_view own,
                        std::initializer_list<std::string_view> others = {});

}  // namespace limehook::api
