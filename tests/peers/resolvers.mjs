// DIDs whose documents follow from the identifier, as the did-resolver family resolves them. Nothing is fetched.
import {Resolver} from 'did-resolver';
import {getResolver as getKeyResolver} from 'key-did-resolver';
import {getResolver as getPeerResolver} from 'peer-did-resolver';
import {getResolver as getPkhResolver} from 'pkh-did-resolver';
import {each} from './operations.mjs';

const resolver = new Resolver({...getKeyResolver(), ...getPeerResolver(), ...getPkhResolver()});

export const resolveDids = ({dids}) => each(dids, did => resolver.resolve(did, {accept: 'application/did+ld+json'}));
