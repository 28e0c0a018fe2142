// Signs with @digitalbazaar/vc; the same words on stdin and stdout as signing.py. Contexts come from the work's file.
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [home, file] = process.argv.slice(2);
const require = createRequire(`${home}/package.json`);
const load = async name => import(pathToFileURL(require.resolve(name)));
const {DataIntegrityProof} = await load('@digitalbazaar/data-integrity');
const {cryptosuite} = await load('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
const Ed25519Multikey = await load('@digitalbazaar/ed25519-multikey');
const vc = await load('@digitalbazaar/vc');

const work = JSON.parse(readFileSync(file, 'utf8'));
const contexts = new Map(Object.entries(work.contexts).map(([url, text]) => [url, JSON.parse(text)]));
const documentLoader = async url => {
  if(!contexts.has(url)) {
    throw new Error(`no such context here: ${url}`);
  }
  return {documentUrl: url, document: contexts.get(url), contextUrl: null};
};
const key = await Ed25519Multikey.from({
  '@context': 'https://w3id.org/security/multikey/v1',
  type: 'Multikey',
  id: work.method,
  controller: work.method.split('#')[0],
  publicKeyMultibase: work.publicKeyMultibase,
  secretKeyMultibase: work.secretKeyMultibase
});
const signer = key.signer();

function read(number) {
  return JSON.parse(work.documents[number % work.documents.length]);
}

async function sign(credential) {
  const suite = new DataIntegrityProof({signer, cryptosuite, date: work.created});
  return JSON.stringify(await vc.issue({credential, suite, documentLoader}));
}

console.log(JSON.stringify({ready: true}));
for await (const line of createInterface({input: process.stdin})) {
  const {first, count, show} = JSON.parse(line);
  if(show !== undefined) {
    console.log(JSON.stringify({signed: await sign(read(show))}));
    continue;
  }
  const credentials = Array.from({length: count}, (_, index) => read(first + index));
  const before = process.cpuUsage();
  for(const credential of credentials) {
    await sign(credential);
  }
  const {user, system} = process.cpuUsage(before);
  console.log(JSON.stringify({seconds: (user + system) / 1e6}));
}
