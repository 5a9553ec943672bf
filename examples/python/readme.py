"""A server and a client that talk in memory: the transport is a call."""

from sansock import Connection, Request, Text

server = Connection.server()
client = Connection.client("ws://example.com/chat")

for event in server.receive(client.take_output()):
    if isinstance(event, Request) and event.same_origin:
        server.accept()
client.receive(server.take_output())

client.send("hello")
for event in server.receive(client.take_output()):
    if isinstance(event, Text):
        print(event.data)
