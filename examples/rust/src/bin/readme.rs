//! The shortest whole use: a client and a server talk in memory. Bytes in, events and bytes out.

use std::error::Error;
use std::time::Duration;

use sansock::{Config, Connection, Event, Received, random_seed};

const NOW: Duration = Duration::ZERO; // a program passes `start.elapsed()`

fn main() -> Result<(), Box<dyn Error>> {
    let mut server = Connection::new(&Config::server().build()?, random_seed()?, NOW)?;
    let mut client = Connection::new(&Config::client("ws://example.com/chat").build()?, random_seed()?, NOW)?;
    carry(&mut client, &mut server)?; // the request
    carry(&mut server, &mut client)?; // the response
    client.send_text("hello")?;
    carry(&mut client, &mut server) // prints hello
}

/// Takes the output of one connection to the other, as a socket would, and handles the events there.
fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Box<dyn Error>> {
    let mut bytes = from.output().to_vec();
    from.written(bytes.len())?;
    if handle(to.receive(&mut bytes, NOW)) {
        handle(to.accept(None, NOW)?);
    }
    Ok(())
}

/// Prints messages. Returns whether there is a request to accept.
fn handle(received: Received<'_>) -> bool {
    let mut accepts = false;
    for event in received.events {
        match event {
            Event::Request(request) => accepts = request.same_origin(),
            Event::Text(message) => println!("{}", message.text),
            _ => {}
        }
    }
    accepts
}
