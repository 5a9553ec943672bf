import { env } from "node:process";

/**
 * The proxy that the environment names for a server, as curl and most programs read it: `wss_proxy`, `https_proxy` or `all_proxy`, or
 * for `ws:` the same without the s, in lower case or in upper; none for hosts in `no_proxy`.
 */
export function environmentProxy(secure: boolean, host: string, port: number): string | undefined {
  if (isExcluded(variable("no_proxy") ?? "", host, port)) {
    return undefined;
  }
  // In a CGI program, HTTP_PROXY may be a header of the client.
  const plain = ["ws_proxy", ...(env["REQUEST_METHOD"] === undefined ? ["http_proxy"] : [])];
  const names = [...(secure ? ["wss_proxy", "https_proxy"] : plain), "socks_proxy", "all_proxy"];
  const found = names.map(variable).find((value) => value !== undefined && value !== "");
  return found === undefined || found.includes("://") ? found : `http://${found}`;
}

function variable(name: string): string | undefined {
  return env[name] ?? env[name.toUpperCase()];
}

function isExcluded(list: string, host: string, port: number): boolean {
  return list.split(/[\s,]+/).some((entry) => {
    const [, name = "", only] = /^\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const isHost = name === "*" || host.toLowerCase() === name || host.toLowerCase().endsWith(`.${name}`);
    return name !== "" && isHost && (only === undefined || Number(only) === port);
  });
}
