// SPDX-License-Identifier: MIT
#include "export/pages.h"

#include <string_view>
#include <utility>

#include "base/escape.h"
#include "export/landing.h"
#include "export/metrics.h"

namespace exitledger {
Router::Handler metrics_page(std::function<ExportSnapshot()> snapshot) {
  return [snapshot = std::move(snapshot)](const Request&) {
    return Response{.content_type = std::string{kMetricsContentType}, .body = exposition(snapshot())};
  };
}

Router::Handler landing_page(const std::string& version) {
  constexpr std::string_view kPlaceholder = "@VERSION@";
  std::string page{kLanding};
  page.replace(page.find(kPlaceholder), kPlaceholder.size(), html_escaped(version));
  return [page = std::move(page)](const Request&) {
    return Response{.content_type = "text/html; charset=utf-8", .body = page};
  };
}

Router::Handler healthy_page() {
  return [](const Request&) { return Response{.body = "healthy\n"}; };
}

Router::Handler ready_page(std::function<std::string()> unready_because) {
  return [unready_because = std::move(unready_because)](const Request& request) {
    const std::string because = unready_because();
    return because.empty() ? Response{.body = "ready\n"} : error_response(request, 503, because);
  };
}

}  // namespace exitledger
