// SPDX-License-Identifier: MIT
#include "export/pages.h"

#include <gmock/gmock.h>

namespace exitledger {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Pages, MetricsAreTakenPerScrapeInTheTextFormat) {
  int scrapes = 0;
  const auto page = metrics_page([&] {
    ExportSnapshot snapshot;
    snapshot.version = std::to_string(++scrapes);
    return snapshot;
  });
  const Response first = page({});
  EXPECT_EQ(first.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(first.body, HasSubstr("exitledger_build_info{version=\"1\""));
  EXPECT_THAT(page({}).body, HasSubstr("exitledger_build_info{version=\"2\""));
}

TEST(Pages, LandingPageNamesItsLinksAndEscapesTheVersion) {
  const Response page = landing_page("0.1<script>")({});
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const char* link : {"href=\"/metrics\"", "href=\"/api/v1/sessions\"", "href=\"/-/healthy\""})
    EXPECT_THAT(page.body, HasSubstr(link));
  EXPECT_THAT(page.body, HasSubstr("Version 0.1&lt;script&gt;."));
  EXPECT_THAT(page.body, Not(HasSubstr("0.1<script>")));
}

TEST(Pages, LandingPageNeedsNothingFromElsewhere) {
  const std::string page = landing_page("1")({}).body;
  for (const char* elsewhere : {"http://", "https://", "src=", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(elsewhere)));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

TEST(Pages, HealthyAnswersReadyMaySayWhyNot) {
  EXPECT_EQ(healthy_page()({}).status, 200);
  std::string because;
  const auto ready = ready_page([&] { return because; });
  EXPECT_EQ(ready({}).status, 200);
  because = "no KVM module";
  EXPECT_EQ(ready({}).status, 503);
  EXPECT_EQ(ready({}).body, "no KVM module\n");
}

}  // namespace
}  // namespace exitledger
