// SPDX-License-Identifier: MIT
#include "cli/options_parts.h"

namespace exitledger::cli {
namespace {

void add_verify(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<VerifyOptions>(
      parent, "verify",
      "Compute a certificate again from its rounds; exit 0 it holds, 1 something in it is refuted, 2 cannot be read",
      into);
  app.add_option("file", options.file, "Certificate; - is standard input")->required();
  app.add_option("--key", options.key, "Ed25519 public key (PEM) that must have signed it");
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_laws(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<LawsOptions>(
      parent, "laws",
      "Whether a published table of exits under EPT and shadow paging can be what it claims; exit 0 possible, "
      "1 impossible, 2 cannot be read",
      into);
  app.add_option("file", options.file, "CSV with the header reason,ept,shadow; - is standard input")->required();
  app.add_flag("--json", options.json, "JSON on stdout");
}

}  // namespace

void add_files(CLI::App& app, Options& options) {
  add_verify(app, options);
  add_laws(app, options);
}

}  // namespace exitledger::cli
