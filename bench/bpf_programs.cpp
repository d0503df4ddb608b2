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
                                                  std::initializer_list<ProgramAt> programs) {
    auto self = std::make_unique<Programs>();
    self->object_.reset(bpf_object__open_mem(bytes, size, nullptr));
    if (!self->object_) return fail_errno("open", "the bench's programs");
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, self->object_.get()) bpf_program__set_autoload(
        program, std::any_of(programs.begin(), programs.end(),
                             [&](const ProgramAt& each) { return each.name == bpf_program__name(program); }));
    if (const int error = bpf_object__load(self->object_.get()); error != 0)
      return fail("load", "the bench's programs", "", -error);
    for (const ProgramAt& each : programs) {
      std::unique_ptr<bpf_link, LinkDeleter> link{attach(self->object_.get(), each)};
      if (!link) return fail_errno("attach", std::string{each.name});
      self->links_.push_back(std::move(link));
    }
    return self;
  }

 private:
  static bpf_link* attach(const bpf_object* object, const ProgramAt& each) {
    const bpf_program* const program = bpf_object__find_program_by_name(object, std::string{each.name}.c_str());
    if (program == nullptr) return nullptr;
    return each.raw_tracepoint != nullptr ? bpf_program__attach_raw_tracepoint(program, each.raw_tracepoint)
                                          : bpf_program__attach(program);
  }

  std::unique_ptr<bpf_object, ObjectDeleter> object_;
  std::vector<std::unique_ptr<bpf_link, LinkDeleter>> links_;  // go before the object
};

}  // namespace

Result<std::unique_ptr<Attachment>> floor_programs(std::initializer_list<ProgramAt> programs) {
  std::size_t size = 0;
  const void* const bytes = floor_bpf__elf_bytes(&size);
  return Programs::load(bytes, size, programs);
}

Result<std::unique_ptr<Attachment>> peer_programs(std::initializer_list<ProgramAt> programs) {
  std::size_t size = 0;
  const void* const bytes = peers_bpf__elf_bytes(&size);
  return Programs::load(bytes, size, programs);
}

}  // namespace exitledger::bench
