#!/usr/bin/env bash
# Builds the tree as it is and measures it beside its floors. Without flags the page
# stays in bench/results; flags go to the bench, and the page to standard output only:
# bench/run.sh -rows stored -repeat 5
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bin bench/results
go build -trimpath -o bin/ccms ./cmd/ccms
go build -trimpath -o bin/bench ./bench
if (($#)); then
	exec bin/bench -ccms bin/ccms "$@"
fi
page=bench/results/$(date -u +%Y-%m-%d).md
failed=0
bin/bench -ccms bin/ccms -out "$page" || failed=$?
{
	printf '\n## Rating\n\n```\n'
	go test -run '^$' -bench . ./bench | grep '^Benchmark'
	printf '```\n'
} | tee -a "$page"
echo "written to $page" >&2
exit "$failed"
