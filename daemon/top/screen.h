// SPDX-License-Identifier: MIT
// The terminal, by ncurses. Gives it back as it was, however it is left.
#pragma once

#include <memory>
#include <vector>

#include "model/result.h"
#include "top/page.h"

namespace exitledger::top {

class Screen {
 public:
  /// Error: stdin or stdout is no terminal.
  [[nodiscard]] static Result<void> possible();
  /// Takes over stdin and stdout. Errors: that of possible(); terminfo does not know $TERM.
  [[nodiscard]] static Result<Screen> open();

  [[nodiscard]] Size size() const;
  /// The window's size changed: asks the terminal for it.
  void resize();
  void draw(const std::vector<Line>& lines);
  /// The next key that waits; Key::kNone if none does, or it means nothing. Never blocks. `waiting`: whether one did.
  [[nodiscard]] Key key(bool& waiting);

 private:
  struct End {
    void operator()(void* screen) const;
  };
  explicit Screen(void* screen) : screen_(screen) {}
  std::unique_ptr<void, End> screen_;
};

}  // namespace exitledger::top
