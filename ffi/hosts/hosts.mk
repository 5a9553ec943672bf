# The hosts for C and C++ that are installed as headers: their tests, and their examples against peers that are not ours.

HOST_HEADERS := $(wildcard include/*.h include/*.hpp include/sansock/*.h include/sansock/*.hpp include/sansock/detail/*)
C_HOSTS := target/hosts
ASAN := -g -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_TESTS := $(addprefix $(C_HOSTS)/,deadlines client client-clang uv uv-clang event event-clang asio-boost asio-standalone \
	slow-client slow-uv slow-event)
HOST_EXAMPLES := $(addprefix target/examples/c/,client_tls echo_server epoll_echo_server event_echo_server fanout_server http_server \
	uring_echo_server uv_echo_server) $(addprefix target/examples/cpp/,asio_client asio_echo_server)
OPENSSL := -lssl -lcrypto

$(HOST_EXAMPLES): $(HOST_HEADERS)
target/examples/c/client_tls: LIBRARIES += $(OPENSSL)
target/examples/c/client_tls: | $(DONE)/system-libssl-dev
target/examples/c/event_echo_server: LIBRARIES += -levent -levent_openssl $(OPENSSL)
target/examples/c/event_echo_server: | $(addprefix $(DONE)/system-,libevent-dev libssl-dev)
target/examples/c/uring_echo_server: LIBRARIES += -luring
target/examples/c/uring_echo_server: | $(DONE)/system-liburing-dev
target/examples/c/uv_echo_server target/examples/c/http_server target/examples/c/fanout_server: LIBRARIES += -luv $(OPENSSL)
target/examples/c/uv_echo_server target/examples/c/http_server target/examples/c/fanout_server: \
	| $(addprefix $(DONE)/system-,libuv1-dev libssl-dev)
target/examples/cpp/asio_client target/examples/cpp/asio_echo_server: LIBRARIES += $(OPENSSL)
target/examples/cpp/asio_client target/examples/cpp/asio_echo_server: CXX_STANDARD := c++20
target/examples/cpp/asio_client target/examples/cpp/asio_echo_server: | $(addprefix $(DONE)/system-,libboost-dev libssl-dev)

# $(1): compiler and options; $(2): sources; $(3): libraries
define host-test
@echo 'build: $@' >&2
@mkdir -p $(@D)
@$(1) $(WARNINGS) -Iinclude $(2) $(STATIC) $(3) $(LIBRARIES) -o $@
endef
HOST_TEST_FILES := $(wildcard ffi/hosts/*.c ffi/hosts/*.h) ffi/tests/c/check.h $(filter %.h,$(HOST_HEADERS)) $(STATIC)
ASIO_TEST_FILES := $(wildcard ffi/hosts/*.cpp ffi/hosts/*.hpp) ffi/tests/c/check.h include/sansock.h \
	$(filter %.hpp,$(HOST_HEADERS)) $(STATIC)

$(C_HOSTS)/deadlines: $(HOST_TEST_FILES)
	$(call host-test,gcc -std=c11 $(ASAN),ffi/hosts/deadlines.c)

$(C_HOSTS)/client: $(HOST_TEST_FILES)
	$(call host-test,gcc -std=c11 $(ASAN),ffi/hosts/client.c)

$(C_HOSTS)/client-clang: $(HOST_TEST_FILES) | $(addprefix $(DONE)/system-,clang libssl-dev)
	$(call host-test,clang -std=c11 -DSANSOCK_OPENSSL,ffi/hosts/client.c,$(OPENSSL))

$(C_HOSTS)/uv: $(HOST_TEST_FILES) | $(addprefix $(DONE)/system-,libuv1-dev libssl-dev)
	$(call host-test,gcc -std=c11 -DTEST_UV $(ASAN),ffi/hosts/loop.c,-luv $(OPENSSL))

$(C_HOSTS)/uv-clang: $(HOST_TEST_FILES) | $(addprefix $(DONE)/system-,clang libuv1-dev libssl-dev)
	$(call host-test,clang -std=c11 -DTEST_UV,ffi/hosts/loop.c,-luv $(OPENSSL))

$(C_HOSTS)/event: $(HOST_TEST_FILES) | $(addprefix $(DONE)/system-,libevent-dev libssl-dev)
	$(call host-test,gcc -std=c11 $(ASAN),ffi/hosts/loop.c,-levent -levent_openssl $(OPENSSL))

$(C_HOSTS)/event-clang: $(HOST_TEST_FILES) | $(addprefix $(DONE)/system-,clang libevent-dev libssl-dev)
	$(call host-test,clang -std=c11,ffi/hosts/loop.c,-levent -levent_openssl $(OPENSSL))

$(C_HOSTS)/slow-client: $(HOST_TEST_FILES)
	$(call host-test,gcc -std=c11 $(ASAN),ffi/hosts/slow.c)

$(C_HOSTS)/slow-uv: $(HOST_TEST_FILES) | $(DONE)/system-libuv1-dev
	$(call host-test,gcc -std=c11 -DTEST_UV $(ASAN),ffi/hosts/slow.c,-luv)

$(C_HOSTS)/slow-event: $(HOST_TEST_FILES) | $(DONE)/system-libevent-dev
	$(call host-test,gcc -std=c11 -DTEST_EVENT $(ASAN),ffi/hosts/slow.c,-levent)

# Most of it in one unit, because to instantiate Asio's templates is most of the work. The other one shows that the headers may be
# included by several.
ASIO_TEST := ffi/hosts/asio.cpp ffi/hosts/asio_prepared.cpp
# With what sanitizers add, clang compiles it in half the time that it takes g++, which builds it for make test-c-hosts-slowly.
$(C_HOSTS)/asio-boost: $(ASIO_TEST_FILES) | $(addprefix $(DONE)/system-,clang libboost-dev libssl-dev)
	$(call host-test,clang++ -std=c++17 -fsanitize=undefined -fsanitize-trap=undefined,$(ASIO_TEST),$(OPENSSL))

$(C_HOSTS)/asio-standalone: $(ASIO_TEST_FILES) | $(addprefix $(DONE)/system-,clang libclang-rt libasio-dev libssl-dev)
	$(call host-test,clang++ -std=c++20 -DSANSOCK_STANDALONE_ASIO -g1 -fsanitize=address,$(ASIO_TEST),$(OPENSSL))

# Asio's fences are unknown to ThreadSanitizer, and without them it has locks.
$(C_HOSTS)/asio-threads: $(ASIO_TEST_FILES) | $(addprefix $(DONE)/system-,g++ libasio-dev libssl-dev)
	$(call host-test,g++ -std=c++20 -O1 -g -fsanitize=thread,undefined -fno-sanitize-recover=undefined -Wno-tsan -DASIO_DISABLE_FENCED_BLOCK -DSANSOCK_STANDALONE_ASIO,\
	  $(ASIO_TEST),$(OPENSSL))

# Each header alone, by each compiler, with and without TLS.
$(C_HOSTS)/headers-are-whole: $(HOST_HEADERS) ffi/hosts/headers | $(addprefix $(DONE)/system-,g++ clang libboost-dev libasio-dev libuv1-dev \
		libevent-dev libssl-dev)
	@ffi/hosts/headers
	@mkdir -p $(@D) && touch $@

# The code in the comments at their tops.
$(C_HOSTS)/snippets: $(HOST_HEADERS) ffi/hosts/snippets.py | $(addprefix $(DONE)/system-,g++ libboost-dev libuv1-dev libevent-dev libssl-dev)
	@python3 ffi/hosts/snippets.py
	@mkdir -p $(@D) && touch $@

.PHONY: test-c-hosts
test-c-hosts: $(C_HOSTS)/headers-are-whole $(C_HOSTS)/snippets $(HOST_TESTS) $(HOST_EXAMPLES) $(DONE)/venv $(DONE)/npm-conformance $(DONE)/proxies
	@PYTHONPATH=conformance/common:conformance/proxies $(PYTHON) ffi/hosts/test.py
include ffi/abi/abi.mk
include ffi/man/man.mk

# The same tests by ThreadSanitizer and valgrind: minutes, and apart from the rest. A new certificate goes with them.
.PHONY: test-c-hosts-slowly
test-c-hosts-slowly: $(addprefix $(C_HOSTS)/,asio-threads asio-boost client-clang uv-clang event-clang) | $(DONE)/system-valgrind
	@cd $(C_HOSTS) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -keyout key.pem -out certificate.pem \
	  -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
	$(C_HOSTS)/asio-threads $(C_HOSTS)/certificate.pem $(C_HOSTS)/key.pem
	for test in asio-boost client-clang uv-clang event-clang; do \
	  valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite \
	    $(C_HOSTS)/$$test $$([ $$test = client-clang ] || echo $(C_HOSTS)/certificate.pem $(C_HOSTS)/key.pem) || exit 1; \
	done
