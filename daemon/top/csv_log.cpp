// SPDX-License-Identifier: MIT
#include "top/csv_log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace exitledger::top {
namespace {

constexpr mode_t kMode = 0644;

Result<struct stat> status_of(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("fstat", path);
  return status;
}

std::uint64_t size_of(const struct stat& status) { return static_cast<std::uint64_t>(status.st_size); }

}  // namespace

Result<CsvLog> CsvLog::open(std::string path, std::string header, Say say) {
  CsvLog log{std::move(path), std::move(header), std::move(say)};
  if (log.is_stdout()) {
    log.fd_ = UniqueFd{::dup(STDOUT_FILENO)};
    if (!log.fd_) return fail_errno("dup", "stdout");
    return log;
  }
  if (auto opened = log.reopen(); !opened) return tl::unexpected{opened.error()};
  return log;
}

// The old descriptor stays until the new one can be used.
Result<void> CsvLog::reopen() {
  // A FIFO without a reader would keep open() from returning.
  auto fd = open_file(path_, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, kMode);
  if (!fd) return tl::unexpected{fd.error()};
  const auto status = status_of(fd->get(), path_);
  if (!status) return tl::unexpected{status.error()};
  if (!S_ISREG(status->st_mode)) return fail("append to", path_, "it is no regular file: '-' writes to stdout");
  std::swap(fd_, *fd);
  if (auto right = check_header(); !right) {
    std::swap(fd_, *fd);
    return right;
  }
  size_ = size_of(*status);
  end_unproven_ = true;
  return {};
}

Result<void> CsvLog::check_header() const {
  std::vector<char> begin(header_.size());
  const ssize_t got = ::pread(fd_.get(), begin.data(), begin.size(), 0);
  if (got < 0) return fail_errno("read", path_);
  if (got == 0 || std::string_view(begin.data(), static_cast<std::size_t>(got)) == header_) return {};
  return fail("append to", path_, "it does not begin with this log's header, so it is another's: name a new file");
}

Result<bool> CsvLog::path_is_open_file() const {
  struct stat there {};
  if (::stat(path_.c_str(), &there) != 0) {
    if (errno == ENOENT) return false;
    return fail_errno("stat", path_);
  }
  const auto open = status_of(fd_.get(), path_);
  if (!open) return tl::unexpected{open.error()};
  return there.st_dev == open->st_dev && there.st_ino == open->st_ino;
}

// The header where the file is new, empty or was truncated; the end of a line that somebody left half-written.
Result<std::string> CsvLog::what_goes_before() {
  const auto status = status_of(fd_.get(), path_);
  if (!status) return tl::unexpected{status.error()};
  const std::uint64_t size = size_of(*status);
  const bool truncated = size < size_;
  size_ = size;
  if (size == 0) return header_;
  if (!truncated && !end_unproven_) return std::string{};
  char last = 0;
  if (::pread(fd_.get(), &last, 1, static_cast<off_t>(size) - 1) != 1) return fail_errno("read", path_);
  end_unproven_ = false;
  return (last == '\n' ? "" : "\n") + (truncated ? header_ : std::string{});
}

Result<void> CsvLog::take_back(std::uint64_t size) {
  const auto status = status_of(fd_.get(), path_);
  if (!status) return tl::unexpected{status.error()};
  // Truncated meanwhile: what is there now is less than what was.
  if (size_of(*status) <= size) return {};
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return fail_errno("truncate", path_);
  return {};
}

// One write(); what it did not take is tried once more, for the error that says why.
Result<void> CsvLog::write_all(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t now = ::write(fd_.get(), text.data() + done, text.size() - done);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return fail_errno("write", is_stdout() ? "stdout" : path_);
    done += static_cast<std::size_t>(now);
  }
  return {};
}

Result<void> CsvLog::write(const std::string& text) {
  if (is_stdout()) {
    auto written = write_all(header_due_ ? header_ + text : text);
    if (written) header_due_ = false;
    return written;
  }
  const auto same = path_is_open_file();
  if (!same) return tl::unexpected{same.error()};
  if (!*same)
    if (auto opened = reopen(); !opened) return opened;
  const auto before = what_goes_before();
  if (!before) return tl::unexpected{before.error()};
  const std::string whole = *before + text;
  if (auto written = write_all(whole); !written) {
    end_unproven_ = true;
    if (auto back = take_back(size_); !back) return back;
    return written;
  }
  size_ += whole.size();
  return {};
}

Result<void> CsvLog::append(const std::string& text, std::size_t count) {
  if (count == 0) return {};
  const auto written = write(text);
  if (written) {
    if (lost_ > 0) say_(fmt::format("{} can be written again; {} lines were lost", path_, lost_));
    lost_ = 0;
    return {};
  }
  if (is_stdout() && written.error().code == EPIPE) return tl::unexpected{written.error()};
  if (lost_ == 0) say_(written.error().message() + ": lines are lost until it can be written again");
  lost_ += count;
  return {};
}

}  // namespace exitledger::top
