// What the tests may ask. Each operation takes the request's object and returns something JSON can carry.
import * as rdfCanonize from 'rdf-canonize';
import * as vc from '@digitalbazaar/vc';
import jsigs from 'jsonld-signatures';
import jsonld from 'jsonld';
import jsQR from 'jsqr';
import * as statusList from '@digitalbazaar/vc-bitstring-status-list';
import {addContexts, documentLoader} from './loader.mjs';
import {dccIssue, dccVerify} from './dcc.mjs';
import {didcommForward, didcommPack, didcommTime, didcommUnpack} from './didcomm.mjs';
import {ethrResolve, ethrSign} from './ethr.mjs';
import {generateRsa, signToken, verifyClaims, verifyToken} from './jose.mjs';
import {canonize, disclosingSuite, signingSuite, verifyingSuites} from './suites.mjs';
import {generate} from './keys.mjs';
import {resolveDids} from './resolvers.mjs';
import {sdJwtIssue, sdJwtPresent, sdJwtStatus, sdJwtVerify} from './sd_jwt.mjs';
import {time} from './timing.mjs';
import {webvhApprove, webvhFetch, webvhPromise, webvhRead, webvhWeb, webvhWrite} from './webvh.mjs';

const {AssertionProofPurpose} = jsigs.purposes;

export const operations = {
  contexts: ({documents}) => addContexts(documents),
  generate,
  toRdf: ({documents, safe = true}) => each(documents, document => jsonld.toRDF(
    document, {documentLoader, safe, base: null, rdfDirection: 'i18n-datatype', format: 'application/n-quads'})),
  canonize: ({documents, safe = true, hash = 'SHA-256'}) => each(documents, document => canonize(
    document, {documentLoader, safe, messageDigestAlgorithm: hash, maxWorkFactor: Infinity})),
  canonizeNquads: ({inputs, hash = 'SHA-256', maxWorkFactor = 1}) => each(inputs, input => rdfCanonize.canonize(
    input, {algorithm: 'RDFC-1.0', inputFormat: 'application/n-quads', messageDigestAlgorithm: hash, maxWorkFactor})),
  sign, derive, verify, time,
  dccIssue, dccVerify,
  statusList: makeStatusList, status: checkStatus,
  qr: readCode,
  resolveDids,
  didcommPack, didcommUnpack, didcommForward, didcommTime,
  ethrResolve, ethrSign,
  generateRsa, signToken, verifyToken, verifyClaims,
  sdJwtIssue, sdJwtPresent, sdJwtVerify, sdJwtStatus,
  webvhWrite, webvhRead, webvhFetch, webvhApprove, webvhPromise, webvhWeb
};

async function sign({document, purpose = 'assertionMethod', challenge, domain, bare = false, ...how}) {
  const suite = await signingSuite(how);
  if(purpose === 'authentication') {
    return vc.signPresentation({presentation: document, suite, challenge, domain, documentLoader});
  }
  // A second proof of a set is added to a document that already has one, which `issue` is not made for.
  return bare ?
    jsigs.sign(document, {suite, purpose: new AssertionProofPurpose(), documentLoader}) :
    vc.issue({credential: document, suite, documentLoader});
}

async function derive({document, ...how}) {
  return vc.derive({verifiableCredential: document, suite: disclosingSuite(how), documentLoader});
}

async function verify({document, suites, challenge, domain, now, bare = false, unsignedPresentation = false}) {
  const options = {suite: verifyingSuites(suites), documentLoader, now};
  if(bare) {
    return summary(await jsigs.verify(document, {...options, purpose: new AssertionProofPurpose()}));
  }
  const isPresentation = [document.type].flat().includes('VerifiablePresentation');
  return summary(await (isPresentation ?
    vc.verify({...options, presentation: document, challenge, domain, unsignedPresentation}) :
    vc.verifyCredential({...options, credential: document})));
}

async function makeStatusList({url, purpose, length, set}) {
  const list = await statusList.createList({length});
  for(const index of set) {
    list.setStatus(index, true);
  }
  return statusList.createCredential({id: url, list, statusPurpose: purpose});
}

// The lists are where the tests put them: among the documents handed over, at their addresses.
async function checkStatus({document, suites}) {
  const {verified, error, results = []} = await statusList.checkStatus({
    credential: document, suite: verifyingSuites(suites), documentLoader
  });
  const statuses = results.map(({verified, status, error}) => ({verified, status, errors: messages(error)}));
  return {verified, errors: messages(error), statuses};
}

// The picture comes as one byte of brightness for each pixel; the library wants red, green, blue and opacity.
function readCode({grey, width, height}) {
  const pixels = new Uint8ClampedArray(width * height * 4);
  Buffer.from(grey, 'base64').forEach((value, at) => pixels.set([value, value, value, 255], at * 4));
  return jsQR(pixels, width, height)?.data ?? null;
}

function summary({verified, error, results = [], presentationResult, credentialResults}) {
  return {
    verified,
    errors: messages(error),
    proofs: results.map(result => ({verified: result.verified, errors: messages(result.error)})),
    ...presentationResult && {presentation: summary(presentationResult)},
    ...credentialResults && {credentials: credentialResults.map(summary)}
  };
}

function messages(error) {
  if(!error) {
    return [];
  }
  const inner = [error.errors ?? []].flat(), cause = error.cause ? [error.cause] : [];
  return [...new Set([`${error.name}: ${error.message}`, ...[...inner, ...cause].flatMap(messages)])];
}

// One refusal must not hide the answers for the rest of a batch.
export async function each(inputs, answer) {
  const answers = [];
  for(const input of inputs) {
    try {
      answers.push({ok: await answer(input)});
    } catch(error) {
      answers.push({error: described(error)});
    }
  }
  return answers;
}

export function described(error) {
  const {code, event} = error.details ?? {};
  return {name: error.name, message: error.message, code: event?.code ?? code ?? null, details: event?.details ?? null};
}
