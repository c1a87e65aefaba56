// did:ethr by `ethr-did-resolver`, which asks the chain that the tests started on this machine.
import {computeAddress, JsonRpcProvider, Signature, SigningKey} from 'ethers';
import {EthrDidController, getResolver} from 'ethr-did-resolver';
import {Resolver} from 'did-resolver';
import {each} from './operations.mjs';

const providers = new Map();

// One provider per chain, without the cache and the batches that are made for chains that are far away.
function providerOf(rpcUrl, chainId) {
  if(!providers.has(rpcUrl)) {
    providers.set(rpcUrl, new JsonRpcProvider(rpcUrl, chainId, {staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1}));
  }
  return providers.get(rpcUrl);
}

const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d+$/;

function configured({rpcUrl, registry, chainId}) {
  if(!LOOPBACK.test(rpcUrl)) {
    throw new Error(`only chains on this machine are asked: ${rpcUrl}`);
  }
  return {provider: providerOf(rpcUrl, chainId), registry, chainId};
}

export async function ethrResolve({urls, ...chain}) {
  const resolver = new Resolver(getResolver(configured(chain)));
  return each(urls, url => resolver.resolve(url, {accept: 'application/did+ld+json'}));
}

// What has to be signed for a change that somebody else brings, and the signature over it.
export async function ethrSign({did, call, args, secret, ...chain}) {
  const {provider, registry} = configured(chain);
  const controller = new EthrDidController(
    did, undefined, undefined, undefined, provider, undefined, registry, false);
  const hash = await controller[`create${call}Hash`](...args);
  return {hash, signature: Signature.from(new SigningKey(secret).sign(hash)).serialized, by: computeAddress(secret)};
}
