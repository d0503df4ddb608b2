// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "export/listen_socket.h"

namespace exitledger {
namespace {

constexpr mode_t kMode = 0660;
constexpr auto kNobody = static_cast<uid_t>(-1);  // chown(2): leave the owner as it is

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Makes room at `path`: nothing there, or a socket behind which nobody listens any more.
Result<void> remove_if_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("listen", path);
  }
  if (!S_ISSOCK(status.st_mode)) return fail("listen", path, "exists and is no socket", EADDRINUSE);
  const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) return fail_errno("listen", path);
  if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN)
    return fail("listen", path, "another process answers there", EADDRINUSE);
  if (errno != ECONNREFUSED) return fail_errno("listen", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return fail_errno("listen", path, "left behind, cannot be removed");
  return {};
}

Result<void> make_parent(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path{path}.parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return fail("create directory", parent.string(), {}, error.value());
  return {};
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) {
    path_.clear();
    return;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

SocketFile::~SocketFile() { remove(); }

void SocketFile::remove() {
  struct stat status {};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
  path_.clear();
}

Result<ListenSocket> listen_unix(const std::string& path, std::optional<gid_t> group) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return fail("listen", path, "a unix socket's path has 1 to 107 bytes", ENAMETOOLONG);
  const sockaddr_un address = address_of(path);
  if (const auto made = make_parent(path); !made) return Failure{made.error()};
  if (const auto free = remove_if_stale(path, address); !free) return Failure{free.error()};

  ListenSocket socket;
  socket.local = true;
  socket.address = path;
  socket.fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = socket.fd.get();
  if (fd < 0) return fail_errno("listen", path);
  // The file gets the socket's own mode less the umask, so it is never more open than kMode; chmod adds what the umask
  // took.
  if (::fchmod(fd, kMode) != 0) return fail_errno("listen", path, "mode");
  if (::bind(fd, generic(address), sizeof(address)) != 0) return fail_errno("listen", path);
  socket.file = SocketFile{path};
  if (group && ::chown(path.c_str(), kNobody, *group) != 0) return fail_errno("listen", path, "group");
  if (::chmod(path.c_str(), kMode) != 0) return fail_errno("listen", path, "mode");
  if (::listen(fd, SOMAXCONN) != 0) return fail_errno("listen", path);
  return socket;
}

}  // namespace exitledger
