// SPDX-License-Identifier: MIT
// A log file that others rotate: by renaming it, by removing it, by copying and truncating it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger::top {

/// Appends whole intervals to a file that nobody else appends to. Looks before each whether the path is still the file
/// that is open, and begins every file with the header.
class CsvLog {
 public:
  using Say = std::function<void(const std::string&)>;

  /// `path` "-": stdout, which has no rotation. Else a regular file, made if it is not there. `say` gets a line when
  /// lines begin to be lost, and one when that ends. Errors: not writable; not a regular file; it has lines and begins
  /// with another header.
  [[nodiscard]] static Result<CsvLog> open(std::string path, std::string header, Say say);

  /// Appends `count` lines with one write(): all of them or none. What cannot be written is counted and said, and the
  /// next call tries anew. Error: stdout has no reader any more.
  [[nodiscard]] Result<void> append(const std::string& text, std::size_t count);

  /// Not written since the last line that was.
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  CsvLog(std::string path, std::string header, Say say)
      : path_(std::move(path)), header_(std::move(header)), say_(std::move(say)) {}
  [[nodiscard]] bool is_stdout() const { return path_ == "-"; }
  [[nodiscard]] Result<void> reopen();
  [[nodiscard]] Result<void> check_header() const;
  [[nodiscard]] Result<bool> path_is_open_file() const;
  [[nodiscard]] Result<void> write(const std::string& text);
  [[nodiscard]] Result<std::string> what_goes_before();
  [[nodiscard]] Result<void> write_all(const std::string& text);
  [[nodiscard]] Result<void> take_back(std::uint64_t size);

  std::string path_, header_;
  Say say_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;    ///< of the file after our last write: a smaller one was truncated
  bool header_due_ = true;    ///< of stdout
  bool end_unproven_ = true;  ///< nobody looked whether the file ends with a whole line
  std::size_t lost_ = 0;
};

}  // namespace exitledger::top
