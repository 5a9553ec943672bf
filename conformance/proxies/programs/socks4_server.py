"""A SOCKS4a proxy by Twisted: python socks4_server.py PORT."""

import sys

from twisted.internet import reactor
from twisted.protocols.socks import SOCKSv4Factory

reactor.listenTCP(int(sys.argv[1]), SOCKSv4Factory(None), interface="127.0.0.1")
reactor.run()
