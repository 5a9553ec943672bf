# Hosts in further languages, over the C library alone: Go, Lua and Ruby, which are among HOSTS where their compiler or
# interpreter is there (examples/languages).

LANGUAGES := go lua ruby
COMMA := ,
VECTORS := $(wildcard core/vectors/*.vec)
GO_SOURCES := $(wildcard examples/go/go.mod examples/go/*/*.go)
GO_TOOLS := $(addprefix $(DONE)/system-,gcc golang-go)
# What Go keeps of earlier builds depends on no header that lies elsewhere, unless the options say which one it was.
GO = CGO_CFLAGS="-O2 -DHEADER=$(firstword $(shell cksum include/sansock.h))" GOPROXY=off go

$(addprefix target/examples/go/,$(PROGRAMS)): target/examples/go/%: $(GO_SOURCES) include/sansock.h $(STATIC) | $(GO_TOOLS)
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@cd examples/go && $(GO) build -buildvcs=false -o $(CURDIR)/$@ ./$*

target/clients/go/command_client: $(wildcard conformance/clients/go/*) $(GO_SOURCES) include/sansock.h $(STATIC) | $(GO_TOOLS)
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@cd conformance/clients/go && $(GO) build -buildvcs=false -o $(CURDIR)/$@ .

.PHONY: $(LANGUAGES:%=host-%) $(LANGUAGES:%=client-%)
host-go: $(addprefix target/examples/go/,$(PROGRAMS))
host-lua: $(STATIC) | $(addprefix $(DONE)/system-,luajit lua-luv)
host-ruby: $(STATIC) | $(DONE)/system-ruby
client-go: target/clients/go/command_client
client-lua: host-lua
client-ruby: host-ruby

# The conformance vectors through each binding; then all with all, with the host in C and with peers that are not ours.
TALKERS := $(subst $() ,$(COMMA),$(LANGUAGES) c websockets ws)
.PHONY: test-languages test-go test-lua test-ruby
test-languages: test-go test-lua test-ruby $(LANGUAGES:%=client-%) client-c $(DONE)/venv $(DONE)/npm-conformance | $(DONE)/system-curl
	@$(DRIVE) conformance/demo/demo.py --servers $(TALKERS) --clients $(TALKERS)
	@$(DRIVE) conformance/http/run.py $(LANGUAGES)

test-go: host-go client-go
	@[ -z "$$(gofmt -l examples/go conformance/clients/go | tee /dev/stderr)" ]
	cd examples/go && $(GO) vet ./... && $(GO) test -count=1 ./sansock
	cd conformance/clients/go && $(GO) vet .

test-lua: host-lua
	luajit examples/lua/tests/lifetime.lua
	luajit examples/lua/tests/vectors.lua include/sansock.h $(VECTORS)

test-ruby: host-ruby
	ruby -w examples/ruby/tests/lifetime.rb
	ruby -w examples/ruby/tests/vectors.rb include/sansock.h $(VECTORS)
