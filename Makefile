# The one list of commands. A recipe only names its script; the work is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help check test test-long quick differential fuzz isolation demo bench bench-presign bench-transfer generate docs ci clean-tools

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r n t; do printf '  make %-13s %s\n' "$$n" "$$t"; done

check: ## formatting, clippy and docs, warnings are errors
	@scripts/check.sh

test: ## everything: check, all tests (SQLite, PostgreSQL, SeaweedFS, Azurite, SDKs), doc tests, demos, README
	@scripts/test.sh

test-long: ## transfers of gigabytes on devstore, SeaweedFS and Azurite, every byte compared; half an hour
	@scripts/test-long.sh

quick: ## the tests on SQLite alone, without the slow faults
	@scripts/quick.sh

differential: ## signed URLs beside those that boto3, google-cloud-storage and azure-storage-blob make
	@scripts/differential.sh $(ARGS)

fuzz: ## try presign's parsers and verifiers on made-up input; SECONDS=1800 for that long
	@scripts/fuzz.sh $(or $(SECONDS),60)

isolation: ## every team's URLs and keys on every other team's bucket and root, as a table
	@scripts/isolation.sh

demo: ## the main job, told step by step; ARGS='--data DIR --keep' are handed on
	@scripts/demo.sh $(ARGS)

bench: ## measure, and print each row beside its target
	@scripts/bench.sh

bench-presign: ## measure signing against other libraries, which the first run builds
	@scripts/bench-presign.sh

bench-transfer: ## put and get beside s5cmd, rclone and the AWS command line, on one SeaweedFS
	@scripts/bench-transfer.sh

generate: ## rewrite what is generated: openapi.json, docs/configuration.md, help texts
	@scripts/generate.sh

docs: ## build the API documentation into target/doc
	@scripts/docs.sh

ci: ## what .ci/run does, telling all failures instead of stopping at the first
	@NEXTEST_PROFILE=ci scripts/test.sh

clean-tools: ## delete .tools: what the other commands downloaded
	@rm -rf .tools
