// SPDX-License-Identifier: MIT
#include "bpf_programs.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "floor.skel.h"
#include "peers.skel.h"

namespace exitledger::bench {
namespace {

struct ObjectDeleter {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
struct LinkDeleter {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

/// An object of which only some programs are loaded.
class Programs : public Attachment {
 public:
  static Result<std::unique_ptr<Attachment>> load(const void* bytes, std::size_t size,
                                                  std::initializer_list<std::string_view> names) {
    auto self = std::make_unique<Programs>();
    self->object_.reset(bpf_object__open_mem(bytes, size, nullptr));
    if (!self->object_) return fail_errno("open", "the bench's programs");
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, self->object_.get()) bpf_program__set_autoload(
        program, std::find(names.begin(), names.end(), bpf_program__name(program)) != names.end());
    if (const int error = bpf_object__load(self->object_.get()); error != 0)
      return fail("load", "the bench's programs", "", -error);
    for (const std::string_view name : names) {
      program = bpf_object__find_program_by_name(self->object_.get(), std::string{name}.c_str());
      std::unique_ptr<bpf_link, LinkDeleter> link{program != nullptr ? bpf_program__attach(program) : nullptr};
      if (!link) return fail_errno("attach", std::string{name});
      self->links_.push_back(std::move(link));
    }
    return self;
  }

 private:
  std::unique_ptr<bpf_object, ObjectDeleter> object_;
  std::vector<std::unique_ptr<bpf_link, LinkDeleter>> links_;  // go before the object
};

}  // namespace

Result<std::unique_ptr<Attachment>> floor_programs(std::initializer_list<std::string_view> names) {
  std::size_t size = 0;
  const void* const bytes = floor_bpf__elf_bytes(&size);
  return Programs::load(bytes, size, names);
}

Result<std::unique_ptr<Attachment>> peer_programs(std::initializer_list<std::string_view> names) {
  std::size_t size = 0;
  const void* const bytes = peers_bpf__elf_bytes(&size);
  return Programs::load(bytes, size, names);
}

}  // namespace exitledger::bench
