// SPDX-License-Identifier: MIT
#include "export/metrics.h"

#include <prometheus/text_serializer.h>

#include "export/family_groups.h"

namespace exitledger {

std::vector<prometheus::MetricFamily> families(const ExportSnapshot& snapshot, const std::string& proc_self) {
  Families all;
  append_books(snapshot, all);
  append_vms(snapshot, all);
  append_sessions(snapshot, all);
  append_time(snapshot, all);
  append_crosscheck(snapshot, all);
  append_probe(snapshot, all);
  append_process(proc_self, snapshot.started_unix_ns, all);
  return all;
}

std::string exposition(const ExportSnapshot& snapshot, const std::string& proc_self) {
  return prometheus::TextSerializer{}.Serialize(families(snapshot, proc_self));
}

}  // namespace exitledger
