// The seed's naive server: one process, a Map of sessions, one Vite dev server for each, files in a temp folder.
import { createServer as createHttpServer } from 'node:http';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import react from '@vitejs/plugin-react';
import { createServer } from 'vite';

const sessions = new Map();
const INDEX = '<!doctype html><div id="root"></div><script type="module" src="/src/index.tsx"></script>';

async function write(folder, files) {
  for (const { name, content } of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function create({ files }) {
  const id = Math.random().toString(36).slice(2);
  const folder = await mkdtemp(join(tmpdir(), 'naive-'));
  await write(folder, files);
  const root = join(folder, 'src/frontend');
  await writeFile(join(root, 'index.html'), INDEX);
  await symlink(process.env.CATALOGUE_NODE_MODULES, join(root, 'node_modules'));
  process.chdir(root); // Tailwind resolves from the cwd: with a second session the first one's styles are wrong
  const server = await createServer({
    root, configFile: false, plugins: [react()], cacheDir: process.env.VITE_CACHE, logLevel: 'error',
    server: { host: '127.0.0.1', port: Number(process.env.FIRST_VITE_PORT) + sessions.size, fs: { strict: false } },
  });
  await server.listen();
  sessions.set(id, { folder, server });
  return { success: true, sessionId: id, previewUrl: server.resolvedUrls.local[0] };
}

async function update({ sessionId, files }) {
  await write(sessions.get(sessionId).folder, files);
  return { success: true };
}

createHttpServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text)).on('end', async () => {
    try {
      const answer = await (request.url === '/create' ? create : update)(JSON.parse(body));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ success: false, error: String(error) }));
    }
  });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
