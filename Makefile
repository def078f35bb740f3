# `make help` lists the targets. Go is the only thing that must be there; what
# else a target needs is found, installed or named by scripts/tools.sh.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Where Debian's Node is too old, scripts/tools.sh keeps a newer one here.
export PATH := $(CURDIR)/.tools/node_modules/.bin:$(PATH)

ADDR ?= 127.0.0.1:8080
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOBUILD := go build -trimpath -ldflags "-X main.version=$(VERSION)"
CHROMIUM = $(shell scripts/tools.sh path chromium)

# What the portal is built from; its result and its packages do not count.
PORTAL_SOURCE := $(shell find portal \( -name node_modules -o -name dist -o -name test-results \) -prune -o -type f -print 2>/dev/null)
PORTAL_PAGE := portal/admin/dist/index.html

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

.PHONY: build
build: go ## bin/ccms and bin/cpsim, with the portal if Node is there
	@if [ ! -f portal/package.json ]; then echo "build: no portal in this tree"; \
	elif [ -n "$$(scripts/tools.sh path node)" ]; then $(MAKE) --no-print-directory portal; \
	else echo "build: no Node 20 or newer: the portal is left out, its address shows a page that says so"; fi
	@$(MAKE) --no-print-directory binaries

.PHONY: binaries
binaries: go
	@mkdir -p bin
	@for c in cmd/*/; do [ -d "$$c" ] || continue; $(GOBUILD) -o "bin/$$(basename $$c)" "./$$c"; done

.PHONY: run
run: go ## build everything and start the demo on ADDR
	@if [ -f portal/package.json ]; then $(MAKE) --no-print-directory portal; else echo "run: no portal in this tree"; fi
	@$(MAKE) --no-print-directory binaries
	@exec bin/ccms demo --addr "$(ADDR)"

# The race detector watches our code and what it shares with others. SQLite's own code and
# the C library below it, translated to Go, take several times as long under it and have
# no goroutines.
RACE := -race $(foreach p,sqlite/lib libc memory,'-gcflags=modernc.org/$(p)=-race=false')

.PHONY: test
test: go ## everything that must pass
	@scripts/tools.sh cc node chromium postgres
	@$(MAKE) --no-print-directory test-go
	@if [ -f portal/package.json ]; then $(MAKE) --no-print-directory test-portal test-browser; \
	else echo "test: no portal in this tree"; fi

# These have hardly a goroutine of their own (what the screens follow is in internal/live), or
# start the server as a process or whole, which is as slow under the race detector as it is
# quick without: test-long has them with it. So it has what reading a frame may allocate,
# which is bounded more closely without it; the decoders run both ways. Vet is a part of lint.
PLAIN := ./archtest ./bench ./cmd/... ./csmstest \
	$(addprefix ./internal/,asset ledger member ocpi operator report tariff web/...)

.PHONY: test-go
test-go: go ## Go tests on both databases, where goroutines meet with the race detector
	go test $(RACE) -vet=off -p 3 -timeout 15m $$(go list ./... | grep -vxFf <(go list $(PLAIN)))
	go test -trimpath -vet=off -p 3 -timeout 15m $(PLAIN) ./internal/ocpp/v16

.PHONY: test-portal
test-portal: portal-packages ## unit tests of the portal
	cd portal && npm test

.PHONY: test-browser
test-browser: portal-packages ## the portal in Chromium against a real server
	@scripts/tools.sh chromium
	@$(MAKE) --no-print-directory portal binaries
	cd portal && CCMS_BIN="$(CURDIR)/bin/ccms" CHROMIUM="$(CHROMIUM)" npm run e2e

.PHONY: test-long
test-long: go ## soaks, many kills, thousands of connections: an hour and more
	@scripts/tools.sh cc postgres
	CCMS_LONG=1 go test $(RACE) -timeout 3h ./...

.PHONY: faults
faults: go ## docs/operations/faults.md, from the tests that make the faults
	@scripts/tools.sh postgres
	@out=$$(mktemp -d); trap 'rm -rf "$$out"' EXIT; \
	CCMS_FAULTS_OUT="$$out" go test -count=1 -timeout 3h -run "$(FAULT_TESTS)" ./cmd/ccms && \
	CCMS_FAULTS_IN="$$out" go test -count=1 -run '^TestFaultTable$$' ./cmd/ccms

FAULT_TESTS = Kill9_|Killed_|DiskFull_|DatabaseGone|DatabaseHangs_|SlowQuery_|ClockJumps_|SIGTERM_leaves

.PHONY: lint
lint: go ## golangci-lint, and the portal's linter and types
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | while read -r f; do if [ -e "$$f" ]; then echo "$$f"; fi; done | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "lint: run gofmt on:"; echo "$$unformatted"; exit 1; fi
	go tool -modfile=tools/go.mod golangci-lint run ./...
	@if [ ! -f portal/package.json ]; then echo "lint: no portal in this tree"; \
	elif [ -z "$$(scripts/tools.sh path node)" ]; then echo "lint: the portal is skipped, no Node 20 or newer"; \
	else $(MAKE) --no-print-directory lint-portal; fi

.PHONY: lint-portal
lint-portal: portal-packages
	cd portal && npm run lint && npm run typecheck
	portal/node_modules/.bin/oxlint --deny-warnings internal/web/reference

.PHONY: generate
generate: go ## write the generated code again
	@if [ -n "$${CCMS_SPEC_DATA:-}" ]; then go run ./internal/ocpp/gen; \
	else echo "generate: the OCPP types are skipped, CCMS_SPEC_DATA does not name the folder of schemas"; fi
	go run ./internal/ocpp/conformance
	@$(MAKE) --no-print-directory api-types OUT=shared/api.gen.ts

.PHONY: drift
drift: go ## is the generated code what its sources say?
	@if [ -n "$${CCMS_SPEC_DATA:-}" ]; then go run ./internal/ocpp/gen -check; \
	else echo "drift: the OCPP types are skipped, CCMS_SPEC_DATA does not name the folder of schemas"; fi
	go run ./internal/ocpp/conformance -check
	@if [ ! -f portal/package.json ]; then echo "drift: no portal in this tree"; exit 0; fi; \
	tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(MAKE) --no-print-directory api-types OUT="$$tmp/api.gen.ts"; \
	git diff --no-index --exit-code portal/shared/api.gen.ts "$$tmp/api.gen.ts" || \
		{ echo "drift: portal/shared/api.gen.ts is not what the route table says: make generate"; exit 1; }

# The portal's client is typed from the document that the route table gives.
.PHONY: api-types
api-types: portal-packages
	@doc=$$(mktemp); trap 'rm -f "$$doc"' EXIT; go run ./internal/web/openapi >"$$doc"; \
	cd portal && npx --no-install openapi-typescript "$$doc" --output "$(OUT)" >/dev/null

.PHONY: bench
bench: go ## what it costs against the floor of this machine, measured here and now
	@bench/run.sh

.PHONY: clean
clean: ## remove what was built; data stays
	rm -rf bin portal/node_modules
	find portal -path '*/dist/*' ! -name placeholder.html -type f -delete 2>/dev/null || true

.PHONY: portal
portal: portal-packages
	@$(MAKE) --no-print-directory $(PORTAL_PAGE)

$(PORTAL_PAGE): $(PORTAL_SOURCE)
	cd portal && npm run build
	@touch $@

# npm ci empties node_modules first, so it runs only when what it installs from
# has changed since it last ran.
.PHONY: portal-packages
portal-packages:
	@scripts/tools.sh node
	@cd portal && sha256sum --check --status node_modules/.installed-from 2>/dev/null || { \
		PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund && \
		sha256sum package-lock.json package.json */package.json >node_modules/.installed-from; }

.PHONY: go
go:
	@scripts/tools.sh go
