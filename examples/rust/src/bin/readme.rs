//! The shortest whole use: a client and a server talk in memory. Bytes in, events and bytes out.

use sansock::{Config, Connection, Error, Event, random_seed};

fn main() -> Result<(), Error> {
    let mut server = Connection::new(&Config::server(), random_seed()?, 0)?;
    let mut client = Connection::new(&Config::client("ws://example.com/chat")?, random_seed()?, 0)?;
    carry(&mut client, &mut server)?; // the request
    carry(&mut server, &mut client)?; // the response
    client.send_text("hello")?;
    carry(&mut client, &mut server) // prints hello
}

/// Takes the output of one connection to the other, as a socket would, and handles the events there.
fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    let mut bytes = from.output().to_vec();
    from.written(bytes.len())?;
    to.receive(&mut bytes, 0); // 0: now, in milliseconds
    if to.events(&bytes).0.any(|event| matches!(event, Event::Request(_))) {
        to.accept(None, 0)?; // an input call: it replaces the events
    }
    for event in to.events(&bytes).0 {
        if let Event::Text(message) = event {
            println!("{}", message.text);
        }
    }
    Ok(())
}
