#!/usr/bin/env bash
# Builds the tree as it is, measures it beside its floors and leaves the page in
# bench/results. Flags go to the bench: bench/run.sh -repeat 5
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bin bench/results
go build -trimpath -o bin/ccms ./cmd/ccms
go build -trimpath -o bin/bench ./bench
page=bench/results/$(date -u +%Y-%m-%d).md
bin/bench -ccms bin/ccms -out "$page" "$@"
{
	printf '\n## Rating\n\n```\n'
	go test -run '^$' -bench . ./bench | grep '^Benchmark'
	printf '```\n'
} | tee -a "$page"
echo "written to $page" >&2
