// Logs of did:webvh by `didwebvh-ts`, with the signatures of Node.
import {createPrivateKey, createPublicKey, sign, verify} from 'node:crypto';
import {
  createDID, deactivateDID, deriveNextKeyHash, generateParallelDidWeb, MultibaseEncoding, multibaseEncode,
  prepareDataForSigning, resolveDID, resolveDIDFromLog, signWitnessProofEntry, updateDID
} from 'didwebvh-ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const verifier = {
  async verify(signature, message, publicKey) {
    const key = createPublicKey({key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki'});
    return verify(null, message, key, signature);
  }
};

function signer({seed, multikey}) {
  const key = createPrivateKey({key: Buffer.concat([PKCS8, Buffer.from(seed, 'hex')]), format: 'der', type: 'pkcs8'});
  return {
    ...verifier,
    getVerificationMethodId: () => `did:key:${multikey}#${multikey}`,
    async sign({document, proof}) {
      const data = await prepareDataForSigning(document, proof);
      return {proofValue: multibaseEncode(sign(null, data, key), MultibaseEncoding.BASE58_BTC)};
    }
  };
}

const writers = {create: createDID, update: updateDID, deactivate: deactivateDID};

export async function webvhWrite({how, by, ...options}) {
  const {did, doc, log} = await writers[how]({...options, signer: signer(by), verifier});
  return {did, document: doc, log};
}

export async function webvhRead({log, time, ...options}) {
  const {did, doc, meta} = await resolveDIDFromLog(log, {
    ...options, ...time && {versionTime: new Date(time)}, verifier
  });
  return {did, document: doc, metadata: meta};
}

// A server on this machine has no TLS, and the peer asks by nothing else.
export async function webvhFetch({did}) {
  const usual = globalThis.fetch;
  globalThis.fetch = (url, options) => usual(String(url).replace(/^https:(?=\/\/localhost:)/, 'http:'), options);
  try {
    const {did: found, doc, meta} = await resolveDID(did, {verifier});
    return {did: found, document: doc, metadata: meta};
  } finally {
    globalThis.fetch = usual;
  }
}

export async function webvhApprove({versionId, by, created}) {
  const witnesses = by.map(({multikey}) => ({id: `did:key:${multikey}`}));
  const witnessSignersByDid = Object.fromEntries(by.map(key => [`did:key:${key.multikey}`, signer(key)]));
  return signWitnessProofEntry({versionId, witnesses, witnessSignersByDid, created});
}

export const webvhPromise = ({multikey}) => deriveNextKeyHash(multikey);

export const webvhWeb = ({did, document}) => generateParallelDidWeb(did, document);
