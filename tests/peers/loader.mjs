// The only way these libraries can obtain a document: contexts handed over by the tests, and did:key documents
// derived from the identifier itself. Nothing is ever fetched; an unknown address is an error.
import * as Bls12381Multikey from '@digitalbazaar/bls12-381-multikey';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {driver} from '@digitalbazaar/did-method-key';

const contexts = new Map();
const controllers = new Map();
const didKey = driver();

// The four characters that every multibase form of a key type begins with.
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
didKey.use({multibaseMultikeyHeader: 'zDna', fromMultibase: EcdsaMultikey.from});
didKey.use({multibaseMultikeyHeader: 'z82L', fromMultibase: EcdsaMultikey.from});
didKey.use({multibaseMultikeyHeader: 'zUC7', fromMultibase: Bls12381Multikey.from});

export function addContexts(documents) {
  for(const [url, document] of Object.entries(documents)) {
    contexts.set(url, document);
  }
  return contexts.size;
}

export async function documentLoader(url) {
  const document = contexts.get(url) ?? await controllerDocument(url);
  return {contextUrl: null, documentUrl: url, document, tag: 'static'};
}

// Kept once derived, so that the bench measures these libraries with every cache warm.
async function controllerDocument(url) {
  if(!url.startsWith('did:key:')) {
    throw new Error(`not among the documents handed over, and nothing is fetched: ${url}`);
  }
  let document = controllers.get(url);
  if(!document) {
    document = await didKey.get({url});
    controllers.set(url, document);
  }
  return document;
}
