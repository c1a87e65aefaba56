// SD-JWT VC by @sd-jwt, on the cryptography of Node; keys are JWKs, ES256 or EdDSA.
import {createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify} from 'node:crypto';
import {createHeaderAndPayload, getListFromStatusListJWT, StatusList} from '@sd-jwt/jwt-status-list';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const hasher = (data, alg) => new Uint8Array(createHash(alg.replace('-', '')).update(
  typeof data === 'string' ? data : Buffer.from(data)).digest());
const saltGenerator = length => randomBytes(length).toString('base64url');

function algorithm(jwk) {
  return jwk.kty === 'OKP' ? 'EdDSA' : 'ES256';
}

function signer(jwk) {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  const digest = jwk.kty === 'OKP' ? null : 'sha256';
  return data => sign(digest, Buffer.from(data), {key, dsaEncoding: 'ieee-p1363'}).toString('base64url');
}

function verifier(jwk) {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  const digest = jwk.kty === 'OKP' ? null : 'sha256';
  return (data, signature) => verify(
    digest, Buffer.from(data), {key, dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url'));
}

export async function sdJwtIssue({claims, frame, jwk, header}) {
  const instance = new SDJwtVcInstance({
    signer: signer(jwk), signAlg: algorithm(jwk), hasher, hashAlg: 'sha-256', saltGenerator});
  return instance.issue(claims, frame, {header});
}

export async function sdJwtPresent({token, frame, jwk, claims}) {
  const instance = new SDJwtVcInstance({
    hasher, hashAlg: 'sha-256', saltGenerator, kbSigner: signer(jwk), kbSignAlg: algorithm(jwk)});
  return instance.present(token, frame, {kb: {payload: claims}});
}

export async function sdJwtVerify({token, jwk, holder, nonce, now}) {
  const instance = new SDJwtVcInstance({
    verifier: verifier(jwk), hasher, hashAlg: 'sha-256', saltGenerator,
    kbVerifier: holder ? verifier(holder) : undefined,
    statusVerifier: verifier(jwk)});
  const verified = await instance.verify(token, {currentDate: now, keyBindingNonce: holder ? nonce : undefined});
  return {payload: verified.payload, kb: verified.kb?.payload ?? null};
}

// A status list of theirs, or what is at a place in one of ours.
export async function sdJwtStatus({values, bits, claims, header, token, index}) {
  if(token) {
    return getListFromStatusListJWT(token).getStatus(index);
  }
  return createHeaderAndPayload(new StatusList(values, bits), claims, header);
}
