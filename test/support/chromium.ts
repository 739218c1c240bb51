// Browser tests: a folder served over http on this machine, and a page of headless Chromium looking at it. The driver is
// playwright-core with Debian's chromium; WebGPU runs on SwiftShader, so no GPU is needed. Everything the page prints
// and every error it does not catch is collected, because a browser test that fails silently is worse than none.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import type { Browser, Page } from "playwright-core";
import { requireTool } from "./tools.ts";

export interface ServeOptions {
  /** Sends COOP and COEP, so that the page is cross-origin isolated and has SharedArrayBuffer. */
  isolated?: boolean;
  /** The Content-Security-Policy, for instance "script-src 'self' 'wasm-unsafe-eval'". */
  csp?: string;
}

export interface FileServer {
  /** Such as http://127.0.0.1:40123, without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".wgsl": "text/plain; charset=utf-8",
};

/** The file a request names, or undefined when it would lie outside the folder. A path that ends in / means index.html. */
function locate(folder: string, requested: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(new URL(requested, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  const root = normalize(join(folder, sep));
  const file = normalize(join(root, path.endsWith("/") ? `${path}index.html` : path));
  return file.startsWith(root) ? file : undefined;
}

function headersFor(file: string, options: ServeOptions): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": mediaTypes[extname(file)] ?? "application/octet-stream",
    "cache-control": "no-store",
  };
  if (options.csp !== undefined) headers["content-security-policy"] = options.csp;
  if (options.isolated === true) {
    headers["cross-origin-opener-policy"] = "same-origin";
    headers["cross-origin-embedder-policy"] = "require-corp";
    headers["cross-origin-resource-policy"] = "same-origin";
  }
  return headers;
}

/** Serves the files of a folder at a free port of 127.0.0.1, until `close`. */
export async function serveFolder(folder: string, options: ServeOptions = {}): Promise<FileServer> {
  const server = createServer(async (request, response) => {
    const file = locate(folder, request.url ?? "/");
    try {
      if (file === undefined) throw new Error("outside the folder");
      const body = await readFile(file);
      response.writeHead(200, headersFor(file, options)).end(body);
    } catch {
      // Browsers ask for it unbidden, and a 404 would count as an error of the page.
      response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** WebGPU without a GPU. */
const webgpuFlags: readonly string[] = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--disable-vulkan-surface",
];

export interface BrowserOptions {
  /** WebGPU through SwiftShader; true unless told otherwise. */
  webgpu?: boolean;
  /** More command-line flags. */
  flags?: readonly string[];
}

export interface OpenedPage {
  readonly page: Page;
  /** Lines of the console, as "type: text". */
  readonly console: readonly string[];
  /** Exceptions nobody caught, and console messages of type error (a refused script or a file not found is one). */
  readonly errors: readonly string[];
}

export interface TestBrowser {
  readonly browser: Browser;
  /** Opens a page; resolves once it has loaded. */
  open(url: string): Promise<OpenedPage>;
  close(): Promise<void>;
}

/** Starts headless Chromium. Returns undefined, after a line the runner counts, where there is none. */
export async function openBrowser(options: BrowserOptions = {}): Promise<TestBrowser | undefined> {
  const executablePath = requireTool("chromium");
  if (executablePath === undefined) return undefined;
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--headless=new",
      "--no-sandbox", // there is no other sandbox for root in a container
      "--disable-dev-shm-usage", // /dev/shm is small in containers
      ...(options.webgpu === false ? [] : webgpuFlags),
      ...(options.flags ?? []),
    ],
  });
  return { browser, open: (url) => openPage(browser, url), close: () => browser.close() };
}

async function openPage(browser: Browser, url: string): Promise<OpenedPage> {
  const page = await browser.newPage();
  const lines: string[] = [];
  const errors: string[] = [];
  page.on("console", (message) => {
    lines.push(`${message.type()}: ${message.text()}`);
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url, { waitUntil: "load" });
  return { page, console: lines, errors };
}
