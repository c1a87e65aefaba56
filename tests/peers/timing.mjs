// The same work over and over in this one process, timed around each call: what the bench compares with.
import * as vc from '@digitalbazaar/vc';
import {performance} from 'node:perf_hooks';
import {disclosingSuite, signingSuite, verifyingSuites} from './suites.mjs';
import {documentLoader} from './loader.mjs';

// Each answers a function that does the work once, on one subject, and throws unless it succeeded.
const WORK = {
  async issue(how) {
    const suite = await signingSuite(how);
    return document => vc.issue({credential: document, suite, documentLoader});
  },
  async derive(how) {
    return document => vc.derive({verifiableCredential: document, suite: disclosingSuite(how), documentLoader});
  },
  async proof({suite}) {
    return async document => {
      const [verifier] = verifyingSuites([suite]);
      const {proof, ...unsecured} = document;
      const options = {'@context': document['@context'], ...[proof].flat()[0]};
      const {verified} = await verifier.verifyProof({
        proof: options, proofSet: [options], document: unsecured, documentLoader
      });
      expect(verified);
    };
  },
  async credential({suite, now}) {
    return async document => {
      const {verified} = await vc.verifyCredential({
        credential: document, suite: verifyingSuites([suite]), documentLoader, now
      });
      expect(verified);
    };
  },
  async whole({suite, now}) {
    return async text => {
      const result = await vc.verifyCredential({
        credential: JSON.parse(text), suite: verifyingSuites([suite]), documentLoader, now
      });
      expect(result.verified);
      JSON.stringify(result);
    };
  }
};

function expect(verified) {
  if(!verified) {
    throw new Error('the timed work failed');
  }
}

// Milliseconds for each of the subjects, one after the other; about rounds and medians the bench decides.
export async function time({work, subjects, ...how}) {
  const once = await WORK[work](how);
  const samples = [];
  for(const subject of subjects) {
    const start = performance.now();
    await once(subject);
    samples.push(performance.now() - start);
  }
  return samples;
}
