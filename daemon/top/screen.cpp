// SPDX-License-Identifier: MIT
#include "top/screen.h"

#define NCURSES_NOMACROS 1  // clear, move and erase are names of others, too
#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "top/terminal.h"

namespace exitledger::top {
namespace {

constexpr int kEscape = 27, kRedraw = 'L' & 0x1F, kEnterKey = '\r';
constexpr short kBadPair = 1;

attr_t attributes(Style style) {
  switch (style) {
    case Style::kPlain: return A_NORMAL;
    case Style::kBold: return A_BOLD;
    case Style::kBad: return A_BOLD | (::has_colors() ? static_cast<attr_t>(COLOR_PAIR(kBadPair)) : A_NORMAL);
    case Style::kHeader:
    case Style::kSelected: return A_REVERSE;
  }
  return A_NORMAL;
}

void use_colours() {
  if (!::has_colors() || ::start_color() == ERR) return;
  ::use_default_colors();
  ::init_pair(kBadPair, COLOR_RED, -1);
}

Key letter(int code) {
  switch (code) {
    case 'q': return Key::kQuit;
    case 'h':
    case '?': return Key::kHelp;
    case 's':
    case 'o': return Key::kSort;
    case 'r': return Key::kReverse;
    case 'p':
    case ' ': return Key::kPause;
    case 'k': return Key::kUp;
    case 'j': return Key::kDown;
    case 'g': return Key::kFirst;
    case 'G': return Key::kLast;
    case 'x': return Key::kReasons;
    case '1': return Key::kHostReasons;
    case '2': return Key::kVms;
    case '\n':
    case kEnterKey: return Key::kIn;
    case '\b':
    case kEscape: return Key::kOut;
    default: return Key::kNone;
  }
}

Key named_key(int code) {
  switch (code) {
    case KEY_UP: return Key::kUp;
    case KEY_DOWN: return Key::kDown;
    case KEY_PPAGE: return Key::kPageUp;
    case KEY_NPAGE: return Key::kPageDown;
    case KEY_HOME: return Key::kFirst;
    case KEY_END: return Key::kLast;
    case KEY_ENTER:
    case KEY_RIGHT: return Key::kIn;
    case KEY_BACKSPACE:
    case 0x7F:
    case KEY_LEFT: return Key::kOut;
    default: return letter(code);
  }
}

}  // namespace

void Screen::End::operator()(void* screen) const {
  ::endwin();
  ::delscreen(static_cast<SCREEN*>(screen));
}

Result<void> Screen::possible() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return fail("show", "the live view", "stdin or stdout is no terminal: --once and --csv need none");
  const char* const type = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): one thread
  if (!is_known_terminal(type))
    return fail("show", "the live view",
                std::string{"terminfo does not know the terminal '"} + (type == nullptr ? "" : type) +
                    "' ($TERM): --once and --csv need none");
  return {};
}

Result<Screen> Screen::open() {
  if (auto terminal = possible(); !terminal) return tl::unexpected{terminal.error()};
  // initscr() would end the process.
  SCREEN* const screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) return fail("show", "the live view", "newterm failed: --once and --csv need no terminal");
  Screen opened{screen};
  ::cbreak();
  ::noecho();
  ::nonl();
  ::curs_set(0);
  ::set_escdelay(50);
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  use_colours();
  return opened;
}

Size Screen::size() const { return {static_cast<std::size_t>(LINES), static_cast<std::size_t>(COLS)}; }

void Screen::resize() {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row > 0 && window.ws_col > 0)
    ::resizeterm(window.ws_row, window.ws_col);
  ::clearok(stdscr, TRUE);
}

void Screen::draw(const std::vector<Line>& lines) {
  ::werase(stdscr);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    ::wattrset(stdscr, static_cast<int>(attributes(lines[at].style)));
    ::mvwaddstr(stdscr, static_cast<int>(at), 0, lines[at].text.c_str());
  }
  ::wattrset(stdscr, A_NORMAL);
  ::wrefresh(stdscr);
}

Key Screen::key(bool& waiting) {
  const int code = ::wgetch(stdscr);
  waiting = code != ERR;
  if (code == kRedraw) ::clearok(stdscr, TRUE);
  return waiting ? named_key(code) : Key::kNone;
}

}  // namespace exitledger::top
