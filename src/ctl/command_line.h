// The command line of maitredctl.
#pragma once

namespace maitred {

// Parses the arguments, runs the verb, prints its answer or its error, and returns the exit status:
// 0 done or yes; 1 a clean no; 2 bad usage or input; 3 the environment.
int run_command_line(int argc, char** argv);

}  // namespace maitred
