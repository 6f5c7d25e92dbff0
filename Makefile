# Names for commands. What is longer than a line is in Scripts.
PREFIX ?= /usr/local
.PHONY: install uninstall deb fuzz docs man completions help run test check lint build crash acceptance unit bench

help: ## these lines
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: ## install what is missing, build, start the daemon on ./var
	Scripts/requirements run
	Scripts/run

test: ## install what is missing, run the tests
	Scripts/requirements test
	swift test --parallel

check: lint build ## lint, build without warnings, test: what every commit passes
	Scripts/requirements test
	swift test --parallel

lint: ## style of the Swift sources and of the scripts
	Scripts/lint

build: ## everything, tests too; a warning is an error
	Scripts/requirements test
	swift build --build-tests

crash: ## kill -9 and damage, in full (slow)
	SIJILL_FULL=1 swift test --filter "LogRecoveryTests|LogCheckTests|LogTreeTests|EveryByteTests"
	Scripts/acceptance --full kill_rounds cut_tail

acceptance: ## every promise seen from outside, in full (slow)
	Scripts/acceptance --full

unit: ## the systemd unit
	Scripts/unit

fuzz: ## the readers of untrusted bytes under libFuzzer; SECONDS for each of three targets
	Scripts/requirements test
	Scripts/fuzz --seconds $(or $(SECONDS),300)

bench: ## Sijill beside what people use instead; writes Benchmarks/RESULTS.md (slow)
	Scripts/bench

man: ## man pages and shell completions of both programs, into .build/share
	Scripts/requirements test
	Scripts/build sijilld sijill
	Scripts/man

docs: ## the documentation of the Swift library, by DocC, into .build/docs
	Scripts/requirements test
	Scripts/docs

completions: man ## the same

install: ## programs, units, man pages, completions under PREFIX=/usr/local; configuration in /etc; DESTDIR is put before both
	Scripts/requirements run
	Scripts/build sijilld sijill
	Scripts/install --prefix "$(PREFIX)" --destination "$(DESTDIR)"

uninstall: ## takes away what install put there, but for the configuration
	Scripts/install --uninstall --prefix "$(PREFIX)" --destination "$(DESTDIR)"

deb: ## .build/sijill_VERSION_ARCH.deb, checked by lintian
	Scripts/requirements package
	Scripts/build sijilld sijill
	Scripts/deb
