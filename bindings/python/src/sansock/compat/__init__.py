"""The engine under code that was written for another WebSocket library that does no I/O.

``sansock.compat.wsproto`` has the interface of wsproto, ``sansock.compat.websockets`` that of the layer of websockets
which does no I/O. Import from them in place of the originals; or call ``install()`` of one of them, before anything
imports the original, and programs that import the original get the engine.
"""
