#pragma once

namespace limehook::app {

// From here on the process ends with a word on standard error, and exit code 70, when it gets no memory: what is
// acknowledged is on disk, and the next start goes on with it. There is nothing better to do: to go on would need
// memory in a thousand places. Once, before other threads are there.
void end_when_out_of_memory();

}  // namespace limehook::app
