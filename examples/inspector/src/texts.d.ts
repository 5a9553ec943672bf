declare module "*.b64" {
  const text: string;
  export default text;
}
declare module "*.tcpdump" {
  const text: string;
  export default text;
}
declare module "*.c" {
  const text: string;
  export default text;
}
declare module "*.xxd" {
  const text: string;
  export default text;
}
declare module "*.txt" {
  const text: string;
  export default text;
}
declare module "*.http" {
  const text: string;
  export default text;
}
