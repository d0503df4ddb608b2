#!/bin/bash
# SPDX-License-Identifier: MIT
# Draws every dashboard on recorded data, with Grafana's own libraries in Chromium, and judges what each panel shows.
# usage: dashboards-render.sh --tsdb DIR [--tsdb DIR]… [--out DIR] [--may-lack METRIC]…
#   --tsdb      data directory of a Prometheus; a copy is read
#   --out       where the pictures go: DIR/NAME/DASHBOARD.png, NAME being that of the directory above the data; docs/screenshots unless said otherwise
#   --may-lack  a metric that is newer than the data
# Installs what only it needs: Debian packages (300 MB) and npm packages (720 MB, in .cache/dashboards-render).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
# shellcheck source=tools/common.sh
source tools/common.sh
# shellcheck source=tools/dashboards-common.sh
source tools/dashboards-common.sh

tsdbs=() may_lack=() out=docs/screenshots
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || die "dashboards-render: $1 needs a value"
	case $1 in
	--tsdb) tsdbs+=("$(tsdb_dir "$2")") ;;
	--out) out=$2 ;;
	--may-lack) may_lack+=(--may-lack "$2") ;;
	*) die "dashboards-render: unknown option '$1'; it takes --tsdb, --out and --may-lack" ;;
	esac
	shift 2
done
[ ${#tsdbs[@]} -gt 0 ] || die "dashboards-render: --tsdb says on which data (tools/live-scrape.sh records some)"
cache=$PWD/.cache/dashboards-render
first_port=29600 page_port=29650

draw() {
	local server
	serve_copies "$first_port" "$PWD/dashboards/rules/exitledger.rules.yml" "${tsdbs[@]}" || return 1
	node dashboards/render/render.mjs ${may_lack[@]+"${may_lack[@]}"} "$cache" "$out" "$page_port" "${servers[@]}" || return 1
	# A palette of 256 colours is all that a dashboard needs: a third of the size.
	for server in "${servers[@]}"; do pngquant --force --strip --ext .png 256 "$out/${server%%=*}"/*.png || return 1; done
}

tools/setup.sh chromium fonts-inter pngquant
need_tools node npm prometheus curl
trap stop_copies EXIT
stage "dashboards-render: npm packages" npm_packages dashboards/render "$cache" || die "dashboards-render: npm failed"
stage "dashboards-render: the page" node dashboards/render/build.mjs "$cache" || die "dashboards-render: no page"
stage "dashboards-render: every dashboard" draw
