# All that can be done here; `make help` lists it.
#
# The variables below may be set on the command line; UPSTREAM matters to `make bench` only.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# For every build, such as `-j 2` on a machine with little memory.
SWIFTFLAGS ?=
# Release builds contain Swift's libraries and no symbols, so that they run where there is no toolchain, or one that a service
# may not read. Changing these flags rebuilds everything.
RELEASEFLAGS ?= --static-swift-stdlib -Xlinker -s
# Upstream's proxy, built elsewhere: `make bench UPSTREAM=../PushProx/pushprox-proxy` compares with it.
UPSTREAM ?=
# How long `make soak` and `make soak-client` last.
DURATION ?= 3m
# How long `make fuzz` stays with each body, and which bodies, or all.
FUZZ_SECONDS ?= 60
FUZZ_BODIES ?=

programs := pushprox-proxy pushprox-client pushprox-admin
release := .build/release

# check and test build with the same flags and environment, so that the second of them finds everything built.
strict := PUSHPROX_WARNINGS=error

# Tests wait for peers in real time. Run all at once, as the runner would, each would wait for the work of all others; so a few at a time,
# where the runner can do that (Swift 6.3).
testflags = $(shell $(SWIFT) test --help-hidden 2>&1 | grep -q -- --experimental-maximum-parallelization-width \
	&& echo --experimental-maximum-parallelization-width 6)

build := $(SWIFT) build -c release $(RELEASEFLAGS) $(SWIFTFLAGS)

# A soak of the programs in $(1) that lasts $(2); the record is compared with what the soak saw.
define soaking
	mkdir -p .build/bench
	$(1)/pushprox-bench soak --duration $(2) --dir .build/bench --json .build/bench/soak.json --svg .build/bench \
		--verify 'scripts/check-record {dir}/record.db {report}' \
		--proxy 'ours=$(1)/pushprox-proxy --web.listen-address=127.0.0.1:{port} --storage.path={dir}/record.db --web.max-connections=2800 --web.idle-timeout=15s --web.write-timeout=5s --tunnel.ping-interval=4s --connect.max-idle=8s'
endef

# A soak of the client in $(1) that lasts $(2).
define soaking-client
	mkdir -p .build/bench
	$(1)/pushprox-bench client-soak --duration $(2) --dir .build/bench --json .build/bench/soak-client.json --svg .build/bench \
		--client 'ours=$(1)/pushprox-client --proxy-url={proxy} --fqdn={fqdn} --metrics-addr=127.0.0.1:{port} --proxy.retry.initial-wait={backoff} --proxy.retry.max-wait={backoff}'
endef

.DEFAULT_GOAL := help
.PHONY: help demo build test check lint format docs man install uninstall bench soak soak-short soak-client soak-client-short \
	fuzz fuzz-smoke setup clean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Builds, then scrapes something real through a proxy and a client (KEEP=1 leaves them running, SECURE=1 shows TLS and denials)
	@BUILD='$(build)' KEEP='$(KEEP)' SECURE='$(SECURE)' scripts/demo

build: ## Builds all programs in release mode, into .build/release; they run without the toolchain
	@scripts/setup build
	$(build)

test: ## Installs what the tests need, and runs them all
	@scripts/setup test
	$(strict) $(SWIFT) test $(SWIFTFLAGS) $(testflags)

check: lint ## Lint, the rules of the architecture, a build without warnings, the files under deploy/
	scripts/check-sources --self-check
	scripts/check-sources
	scripts/check-deploy
	@scripts/setup build
	$(strict) $(SWIFT) build --build-tests $(SWIFTFLAGS)

lint: ## swift format lint, strictly
	$(SWIFT) format lint --strict -r -p Sources Tests Package.swift

format: ## swift format in place
	$(SWIFT) format -i -r -p Sources Tests Package.swift

docs: ## Writes the flag tables of README.md anew, from --help
	@scripts/setup build
	PUSHPROX_UPDATE_DOCS=1 $(strict) $(SWIFT) test $(SWIFTFLAGS) --filter DocumentationTests

man: build ## Builds, and makes the man pages from what --help is made from, into .build/man
	scripts/man-pages $(release) .build/man

install: ## Installs what `make man` made under PREFIX (/usr/local)
	scripts/install-files '$(DESTDIR)' '$(PREFIX)' '$(release)' $(programs)

uninstall: ## Removes it again; leaves settings and the record alone
	scripts/install-files --remove '$(DESTDIR)' '$(PREFIX)' '$(release)' $(programs)

bench: ## Takes the figures of docs/benchmarks.md; UPSTREAM=path/to/proxy compares with that
	@scripts/setup build
	$(build) --product pushprox-proxy
	$(build) --product pushprox-client
	$(build) --product pushprox-bench
	scripts/bench $(release) '$(UPSTREAM)'

soak: ## Misbehaving clients beside steady scrapes; DURATION=30m for longer
	@scripts/setup test
	$(build) --product pushprox-proxy
	$(build) --product pushprox-bench
	$(call soaking,$(release),$(DURATION))

soak-short: ## The soak that CI runs: two minutes, on the build that the tests have
	@scripts/setup test
	$(strict) $(SWIFT) build --build-tests $(SWIFTFLAGS)
	$(call soaking,.build/debug,2m)

fuzz: ## libFuzzer on every parser, a minute each; FUZZ_SECONDS=600, FUZZ_BODIES='flow pushes'
	@scripts/setup build
	@SWIFT='$(SWIFT)' SWIFTFLAGS='$(SWIFTFLAGS)' scripts/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_BODIES)

fuzz-smoke: ## The fuzzing that CI does: three seconds each
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=3

soak-client: ## A client between targets and a proxy that misbehave; DURATION=30m for longer
	@scripts/setup build
	$(build) --product pushprox-client
	$(build) --product pushprox-bench
	$(call soaking-client,$(release),$(DURATION))

soak-client-short: ## The client's soak that CI runs: 45 seconds, on the build that the tests have
	@scripts/setup test
	$(strict) $(SWIFT) build --build-tests $(SWIFTFLAGS)
	$(call soaking-client,.build/debug,45s)

setup: ## Installs the system's packages that building and testing need
	@scripts/setup test

clean: ## Removes everything that was built
	rm -rf .build .build-fuzz
