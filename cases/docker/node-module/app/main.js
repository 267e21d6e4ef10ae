console.log(`hello ${process.env.WHO} from ${process.cwd()}`);
