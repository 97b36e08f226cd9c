// One page for all addresses: the server has nothing to render.
export const ssr = false;
export const prerender = false;
