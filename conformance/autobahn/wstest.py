"""Starts `wstest` of Autobahn|Testsuite (Python 2.7): wstest.py SITE ARGUMENTS, SITE being where setup put it.

No file of the suite is changed. What is done around it:

* its server listens on the host of its URL only, not on every interface, and says when it listens;
* which cases there are, and which of them are due, is written to cases.json in the folder of the report;
* a pattern that matches no case ends it, where it would wait without end;
* TLS, which no case here needs, is taken away, and with it the need for an OpenSSL of that age.
"""

import json
import os
import site
import sys
import types

site.addsitedir(sys.argv.pop(1))
sys.path.insert(1, sys.path.pop())  # before what the interpreter has of its own


class NoTls:
    """Stands where the suite makes a TLS context that it does not use for ws:// URLs."""


tls = types.ModuleType("twisted.internet.ssl")
tls.ClientContextFactory = tls.DefaultOpenSSLContextFactory = NoTls
sys.modules["twisted.internet.ssl"] = tls
import twisted.internet

twisted.internet.ssl = tls

from autobahntestsuite import fuzzing, wstest

listen = fuzzing.listenWS
select = fuzzing.CaseSet.parseSpecCases


def listen_on_host(factory, context=None):
    port = listen(factory, context, interface=str(factory.host))
    print("listening on " + factory.url)
    return port


def select_and_tell(self, spec):
    due = select(self, spec)
    unknown = [case for case in due if case not in self.CasesIndices]
    if unknown or not due:
        sys.exit("error: no such case: " + " ".join(unknown or spec["cases"]))
    with open(os.path.join(spec["outdir"], "cases.json"), "w") as target:
        json.dump({"all": sorted(self.CasesIndices), "due": due}, target)
    return due


fuzzing.listenWS = listen_on_host
fuzzing.CaseSet.parseSpecCases = select_and_tell
wstest.run()
