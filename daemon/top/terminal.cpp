// SPDX-License-Identifier: MIT
#include "top/terminal.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

namespace exitledger::top {

bool is_known_terminal(const char* type) {
  int found = 0;
  if (type == nullptr || setupterm(type, STDOUT_FILENO, &found) != OK) return false;
  del_curterm(cur_term);
  return true;
}

}  // namespace exitledger::top
