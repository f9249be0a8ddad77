# SPDX-License-Identifier: Apache-2.0
#
# Thin: meson knows how to build, test/run how to test.
#
#   sudo make demo      the spam wave on a real Courier: unguarded, watched, gated
#   sudo make test      all tests
#
# PREFIX and DESTDIR are honoured; options of the demo go into DEMO, such as
# make demo DEMO='--seconds 40'.

PREFIX ?= /usr/local
BUILD = build
DEMO =

.PHONY: help demo build test pictures bench fuzz install clean

help:
	@echo 'sudo make demo       the spam wave on a real mail server: unguarded, watched, gated'
	@echo 'sudo make test       all tests'
	@echo 'make build           build/wavebreak'
	@echo 'sudo make install    into PREFIX ($(PREFIX)), below DESTDIR'
	@echo 'sudo make pictures   the pictures of docs/, from real runs of the demo'
	@echo 'sudo make bench      the figures of bench/RESULTS.md'
	@echo 'make fuzz            all fuzz targets, FUZZ_SECONDS (600) each'
	@echo 'make clean           removes the build folder, not what was fetched into it'

$(BUILD)/build.ninja:
	meson setup --prefix $(PREFIX) --sysconfdir /etc --localstatedir /var $(BUILD) >$(BUILD).log || \
		{ cat $(BUILD).log; exit 1; }
	@rm $(BUILD).log

build:
	@tools/install-deps build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD)

demo:
	@tools/need-root 'make demo' namespaces
	@tools/install-deps demo
	@$(MAKE) --no-print-directory build
	@$(BUILD)/wavebreak demo $(DEMO)

test:
	@tools/need-root 'make test' namespaces
	@tools/install-deps test
	@$(MAKE) --no-print-directory build
	@test/run $(BUILD)

pictures:
	@tools/need-root 'make pictures' namespaces
	@tools/install-deps test
	@$(MAKE) --no-print-directory build
	@tools/pictures $(BUILD)

bench:
	@tools/need-root 'make bench' namespaces
	@$(MAKE) --no-print-directory build
	@bench/run $(BUILD)

fuzz:
	@tools/install-deps fuzz
	@test/fuzz/run $(BUILD)-fuzz $${FUZZ_SECONDS:-600}

install: build
	meson configure --prefix $(PREFIX) --sysconfdir /etc --localstatedir /var $(BUILD)
	meson install --quiet -C $(BUILD)
	@echo "installed below $(DESTDIR)$(PREFIX); next: systemd-sysusers, then wavebreak check"

clean:
	rm -rf $(BUILD)-asan $(BUILD)-fuzz
	[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 ! -name mail-servers ! -name peers-root -exec rm -rf {} +
