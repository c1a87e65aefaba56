// Compact JWS by `jose`, with keys as JWKs.
import {CompactSign, compactVerify, generateKeyPair, exportJWK, importJWK, jwtVerify} from 'jose';

export async function signToken({payload, header, jwk}) {
  const key = await importJWK(jwk, header.alg);
  return new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(header).sign(key);
}

export async function verifyToken({token, jwk, algorithms}) {
  const {payload, protectedHeader} = await compactVerify(token, await importJWK(jwk, algorithms[0]), {algorithms});
  return {payload: new TextDecoder().decode(payload), header: protectedHeader};
}

// As a reader of JSON Web Tokens who knows nothing of credentials.
export async function verifyClaims({token, jwk, algorithms, now, ...wanted}) {
  const options = {algorithms, currentDate: new Date(now), ...wanted};
  return (await jwtVerify(token, await importJWK(jwk, algorithms[0]), options)).payload;
}

export async function generateRsa({bits}) {
  const {privateKey, publicKey} = await generateKeyPair('RS256', {modulusLength: bits, extractable: true});
  return {private: await exportJWK(privateKey), public: await exportJWK(publicKey)};
}
