// Tries every attack on a running server and prints what came of it: ./dev attack

import { attacks } from './attacks.mjs';
import { closeScene, openScene } from './scene.mjs';

const scene = await openScene();
let tried = 0;
let through = 0;
for (const [who, list] of Object.entries(attacks)) {
  console.log(`\n${who}`);
  for (const [name, attack] of list) {
    tried += 1;
    let result;
    try {
      result = `refused   ${await attack(scene)}`;
    } catch (error) {
      through += 1;
      result = `GOT THROUGH   ${error.message.split('\n')[0]}`;
    }
    console.log(`  ${name.padEnd(56)} ${result}`);
  }
}
await closeScene(scene);
console.log(`\n${tried} tried, ${tried - through} refused, ${through} got through`);
process.exitCode = through === 0 ? 0 : 1;
